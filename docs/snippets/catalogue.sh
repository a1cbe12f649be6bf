npm run catalogue
npm run catalogue -- H5 F
